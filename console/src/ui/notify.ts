import { notifications } from '@mantine/notifications';
import { toApiError } from '../api/errors.js';
import { problemWords } from './problem-words.js';

export const notifyDone = (message: string): void => {
  notifications.show({ message, color: 'green', autoClose: 4_000 });
};

export const notifyFailed = (what: string, error: unknown): void => {
  const failure = toApiError(error);
  notifications.show({
    title: what,
    message: `${problemWords(failure)} (${failure.code})`,
    color: 'red',
    autoClose: 9_000,
  });
};
