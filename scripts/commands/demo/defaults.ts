/** Transactions a second, and with `--open`. */
export const [RATE_PER_S, OPEN_RATE_PER_S] = [10_000, 25];
/** Where `--open` serves the page. */
export const OPEN_ADDRESS = "127.0.0.1:8080";
