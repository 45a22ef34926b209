/** What a component draws: an element of preact's, which preact alone looks into. */
export type Drawn = object;
