/** What a component draws: an element that only preact looks into. */
export type Drawn = object;
