import { assert, assertEquals } from "../../testing/assert.ts";
import { terminalCount1h } from "../definitions/velocity.ts";
import { ColumnSet, RowState } from "./part.ts";
import { SnapshotReader, SnapshotWriter } from "./snapshot.ts";
import { TERMINAL_WORDS, TerminalState } from "./terminal_state.ts";

const FRAUD = { seconds: 1000, isFraud: true, atTerminal: true };
const LEGITIMATE = { seconds: 1000, isFraud: false, atTerminal: false };

const { terminal: velocity } = terminalCount1h.needs!.open();

function stateOf(maxKeys: number): TerminalState {
  return new TerminalState(new ColumnSet([{ columns: velocity, at: TERMINAL_WORDS }]), maxKeys);
}

function rowAt(seconds: number): RowState {
  return Object.assign(new RowState(), { seconds });
}

function read(state: TerminalState, terminal: number): RowState {
  const row = rowAt(1000);
  state.read(terminal, 0, row);
  return row;
}

function restored(state: TerminalState, maxKeys: number): TerminalState {
  const out = new SnapshotWriter();
  state.save(out);
  const copy = stateOf(maxKeys);
  copy.load(new SnapshotReader(out.finish([0, 0]), [0, 0]));
  return copy;
}

Deno.test("TerminalState: what is known of a forgotten terminal's labels is nobody else's", () => {
  const state = stateOf(2);
  for (let i = 0; i < 40; i++) state.label(1, 0, FRAUD);
  state.take(2, 0, rowAt(1000));
  state.take(3, 0, rowAt(1000));
  assertEquals([state.table.size, state.table.evicted], [2, 1]);
  assertEquals(state.label(2, 0, LEGITIMATE), 1);
  assertEquals([read(state, 2).terminalRisk, read(state, 2).terminalLabelStreak], [0, 0]);
  assertEquals(read(state, 1).terminalLabelStreak, 0);
  state.label(1, 0, FRAUD);
  assertEquals([read(state, 1).terminalRisk, read(state, 1).terminalLabelStreak], [0.5, 1]);
});

Deno.test("TerminalState keeps each terminal's labels through a snapshot with a lower bound, and in an excerpt", () => {
  const state = stateOf(100);
  for (let terminal = 1; terminal <= 60; terminal++) {
    for (let i = 0; i < terminal % 7; i++) state.label(terminal, 0, FRAUD);
    state.take(terminal, 0, rowAt(1000));
  }
  const copy = restored(state, 20);
  assertEquals(copy.table.size, 20);
  for (let terminal = 1; terminal <= 60; terminal++) {
    const streak = read(copy, terminal).terminalLabelStreak;
    assertEquals(streak, terminal <= 40 ? 0 : terminal % 7);
  }
  const excerpt = stateOf(100);
  excerpt.label(5, 0, FRAUD);
  excerpt.copyFrom(copy, 55, 0);
  excerpt.copyFrom(copy, 3, 0);
  assertEquals([read(excerpt, 55).terminalLabelStreak, read(excerpt, 5).terminalLabelStreak], [6, 1]);
  read(excerpt, 55);
  assert(velocity.hour === 1);
});

Deno.test("TerminalState.relabel() passes over a terminal that has no label any more", () => {
  const state = stateOf(1);
  const ordinal = state.label(1, 0, FRAUD);
  state.take(2, 0, rowAt(1000));
  state.take(1, 0, rowAt(1000));
  state.relabel(1, 0, ordinal, FRAUD, LEGITIMATE);
  assertEquals(read(state, 1).terminalRisk, 0);
});

Deno.test("TerminalState.copyFrom() leaves a terminal as it is that the other state does not know", () => {
  const known = stateOf(10);
  known.label(1, 0, FRAUD);
  const other = stateOf(10);
  other.label(2, 0, LEGITIMATE);
  known.copyFrom(other, 1, 0);
  assertEquals([read(known, 1).terminalRisk, read(known, 1).terminalLabelStreak], [0.5, 1]);
});
