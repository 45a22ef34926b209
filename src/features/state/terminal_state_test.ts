import { assert, assertEquals } from "../../testing/assert.ts";
import { RowState } from "./row_state.ts";
import { SnapshotReader } from "./snapshot_reader.ts";
import { SnapshotWriter } from "./snapshot_writer.ts";
import { TerminalState } from "./terminal_state.ts";

const FRAUD = { seconds: 1000, isFraud: true, atTerminal: true };
const LEGITIMATE = { seconds: 1000, isFraud: false, atTerminal: false };

function read(state: TerminalState, terminal: number): RowState {
  const row = new RowState();
  state.read(terminal, 0, 1000, row);
  return row;
}

function restored(state: TerminalState, maxKeys: number): TerminalState {
  const out = new SnapshotWriter();
  state.save(out);
  const copy = new TerminalState(true, maxKeys);
  copy.load(new SnapshotReader(out.finish([0, 0]), [0, 0]));
  return copy;
}

Deno.test("TerminalState: what is known of a forgotten terminal's labels is nobody else's", () => {
  const state = new TerminalState(true, 2);
  for (let i = 0; i < 40; i++) state.label(1, 0, FRAUD);
  state.take(2, 0, 1000, new RowState());
  state.take(3, 0, 1000, new RowState());
  assertEquals([state.size, state.evicted], [2, 1]);
  assertEquals(state.label(2, 0, LEGITIMATE), 1);
  assertEquals([read(state, 2).terminalRisk, read(state, 2).terminalLabelStreak], [0, 0]);
  assertEquals(read(state, 1).terminalLabelStreak, 0);
  state.label(1, 0, FRAUD);
  assertEquals([read(state, 1).terminalRisk, read(state, 1).terminalLabelStreak], [0.5, 1]);
});

Deno.test("TerminalState keeps each terminal's labels through a snapshot with a lower bound, and in an excerpt", () => {
  const state = new TerminalState(true, 100);
  for (let terminal = 1; terminal <= 60; terminal++) {
    for (let i = 0; i < terminal % 7; i++) state.label(terminal, 0, FRAUD);
    state.take(terminal, 0, 1000, new RowState());
  }
  const copy = restored(state, 20);
  assertEquals(copy.size, 20);
  for (let terminal = 1; terminal <= 60; terminal++) {
    const streak = read(copy, terminal).terminalLabelStreak;
    assertEquals(streak, terminal <= 40 ? 0 : terminal % 7);
  }
  const excerpt = new TerminalState(true, 100);
  excerpt.label(5, 0, FRAUD);
  excerpt.copyFrom(copy, 55, 0);
  excerpt.copyFrom(copy, 3, 0);
  assertEquals([read(excerpt, 55).terminalLabelStreak, read(excerpt, 5).terminalLabelStreak], [6, 1]);
  assert(read(excerpt, 55).terminalVelocity.hour === 1);
});

Deno.test("TerminalState.relabel() passes over a terminal that has no label any more", () => {
  const state = new TerminalState(true, 1);
  const ordinal = state.label(1, 0, FRAUD);
  state.take(2, 0, 1000, new RowState());
  state.take(1, 0, 1000, new RowState());
  state.relabel(1, 0, ordinal, FRAUD, LEGITIMATE);
  assertEquals(read(state, 1).terminalRisk, 0);
});

Deno.test("TerminalState.copyFrom() leaves a terminal as it is that the other state does not know", () => {
  const known = new TerminalState(true, 10);
  known.label(1, 0, FRAUD);
  const other = new TerminalState(true, 10);
  other.label(2, 0, LEGITIMATE);
  known.copyFrom(other, 1, 0);
  assertEquals([read(known, 1).terminalRisk, read(known, 1).terminalLabelStreak], [0.5, 1]);
});
