// What went wrong, in words for the reader: what happened, and what can be done about it.
import { ApiError, ConnectionError, type Problem } from './api';

export interface Notice {
  title: string;
  detail: string;
  retry_after_s: number | null; // when trying again is worth it; null: the reader decides
  gone?: boolean; // the chat is: only a new one helps
}

export function explain(error: unknown, assistant: string): Notice {
  if (error instanceof ConnectionError) {
    return {
      title: 'No connection',
      detail: 'Your message is kept here and is sent when the connection is back.',
      retry_after_s: null,
    };
  }
  if (!(error instanceof ApiError)) {
    return {
      title: 'Something went wrong on this page',
      detail: 'Try again. If it happens once more, reload the page: nothing is lost.',
      retry_after_s: null,
    };
  }
  switch (true) {
    case error.status === 429:
      return {
        title: `${assistant} needs a moment`,
        detail: 'There were many messages in a short time.',
        retry_after_s: error.retry_after_s ?? 10,
      };
    case error.status === 503 || error.status === 502 || error.status === 504:
      return {
        title: `${assistant} is busy`,
        detail: 'All places are taken, or the server is just starting.',
        retry_after_s: error.retry_after_s ?? 5,
      };
    case error.status === 413:
      return {
        title: 'This message is too long',
        detail: error.problem.detail ?? 'Shorten it and send it again.',
        retry_after_s: null,
      };
    case error.status === 404:
      return {
        title: 'This chat is no longer there',
        detail: 'It may have been deleted in another window. Start a new chat to go on.',
        retry_after_s: null,
        gone: true,
      };
    default:
      return from_problem(error.problem, error.status);
  }
}

export function from_problem(problem: Problem, status = problem.status ?? 500): Notice {
  const said = [problem.detail, problem.hint].filter(Boolean).join(' ');
  return {
    title: status >= 500 ? 'Something went wrong on the server' : (problem.title ?? 'That did not work'),
    detail: said || 'Try again in a moment.',
    retry_after_s: null,
  };
}

// Worth waiting for: the server is away or full, and will be back.
export function is_passing(error: unknown): boolean {
  return error instanceof ApiError && [429, 502, 503, 504].includes(error.status);
}
