/**
 * Prints the permission flags of a command as JSON, for tests of `src` that start commands.
 *
 * @module
 */
import { permissionsFor } from "./permissions.ts";

const [command, ...args] = Deno.args;
console.log(JSON.stringify(permissionsFor(command, args, () => undefined)));
