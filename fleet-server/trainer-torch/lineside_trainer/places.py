"""Where a job's files come from and where its results go: folders, or URLs under the token in LINESIDE_TRAINER_TOKEN."""

from __future__ import annotations

import os
import tempfile
import time
import urllib.error
import urllib.request
from typing import Optional
from urllib.parse import urljoin, urlsplit

from .errors import TrainerError

TRIES = 4
TIMEOUT_S = 60


def is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def origin(url: str):
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


class Places:
    """Relative paths and URLs count from the job file. The token goes to the job's own server and nowhere else."""

    def __init__(self, job: str):
        self.base = job
        self.token = os.environ.get("LINESIDE_TRAINER_TOKEN")

    def resolve(self, place: str) -> str:
        if is_url(place) or is_url(self.base):
            return urljoin(self.base, place)
        return os.path.join(os.path.dirname(os.path.abspath(self.base)), place)

    def read(self, place: str) -> bytes:
        """Raises TrainerError `download_failed`."""
        data = self.read_if_there(place)
        if data is None:
            raise TrainerError("download_failed", "%s is not there" % visible(self.resolve(place)))
        return data

    def read_if_there(self, place: str) -> Optional[bytes]:
        where = self.resolve(place)
        if is_url(where):
            return self.request(where)
        try:
            with open(where, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TrainerError("download_failed", "%s: %s" % (where, error.strerror))

    def write(self, place: str, data: bytes) -> None:
        """Replaces a file in one step: after a kill there is the old one or the new one. Raises `storage_failed`."""
        where = self.resolve(place)
        if is_url(where):
            self.request(where, data)
            return
        try:
            folder = os.path.dirname(where)
            os.makedirs(folder, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=".writing-")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, where)
        except OSError as error:
            raise TrainerError("storage_failed", "%s: %s" % (where, error.strerror))

    def request(self, url: str, body: Optional[bytes] = None) -> Optional[bytes]:
        """GET, or PUT with a body; None for 404. What may pass (no connection, 5xx, 429) is tried again."""
        for attempt in range(TRIES):
            request = urllib.request.Request(url, data=body, method="GET" if body is None else "PUT")
            if body is not None:
                request.add_header("Content-Type", "application/octet-stream")
            if self.token and is_url(self.base) and origin(url) == origin(self.base):
                # Unredirected: another server that this one points to does not get it.
                request.add_unredirected_header("Authorization", "Bearer " + self.token)
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                if error.code == 404 and body is None:
                    return None
                problem, passing = "HTTP %d" % error.code, error.code >= 500 or error.code == 429
            except (urllib.error.URLError, OSError) as error:
                problem, passing = str(getattr(error, "reason", error)), True
            if not passing:
                break
            if attempt + 1 < TRIES:
                time.sleep(2**attempt)
        raise TrainerError("download_failed", "%s: %s" % (visible(url), problem))


def visible(place: str) -> str:
    """A signed URL carries its right to read in the query, which no message repeats."""
    return place.split("?")[0]
