import { ROOMS } from "../rooms.ts";
import { table } from "./table.ts";

const PLACE = /(<!-- rooms -->)[\s\S]*(<!-- \/rooms -->)/;

/**
 * ARCHITECTURE with the table of rooms between its markers.
 *
 * @throws Error if the markers are gone.
 */
export function withRooms(text: string): string {
  if (!PLACE.test(text)) {
    throw new Error("Cannot write the rooms: ARCHITECTURE.md has no <!-- rooms --> … <!-- /rooms -->");
  }
  const rows = Object.entries(ROOMS).map((
    [path, { holds }],
  ) => [`\`${path}${path.endsWith(".ts") ? "" : "/"}\``, holds]);
  return text.replace(PLACE, (_, begin, end) => `${begin}\n\n${table(["room", "holds"], rows)}\n\n${end}`);
}
