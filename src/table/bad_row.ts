/** Stands for a row whose cells could not be told apart. */
export class BadRow {
  /** What is wrong, as "must …: current value is …". */
  readonly problem: string;

  /** Keeps the problem in words. */
  constructor(problem: string) {
    this.problem = problem;
  }
}
