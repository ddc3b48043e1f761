"""Every failure has a code and an exit status; the codes are those of the fleet server."""

EXIT_STATUS = {
    "request_invalid": 2,
    "model_invalid": 3,
    "model_contract": 3,
    "image_unreadable": 4,
    "download_failed": 5,
    "training_too_few": 6,
    "training_failed": 1,
    "storage_failed": 7,
    "trainer_library_missing": 8,
    "architecture_unknown": 9,
    "weights_unavailable": 10,
    "model_operator": 3,
    "training_cancelled": 130,
}


class TrainerError(Exception):
    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code

    @property
    def exit_status(self) -> int:
        return EXIT_STATUS.get(self.code, 1)
