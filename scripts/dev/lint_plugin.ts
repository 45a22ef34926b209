/**
 * Rules of this project for `deno lint`: what a parser can see of one file. `rooms.ts` has the lists.
 *
 * @module
 */
import { ENVIRONMENT, isTest, ROOMS } from "./rooms.ts";

const MOST_LINES = 70;
/** Phrases that `.github/CONTRIBUTING.md` replaces by plain ones. */
const STILTED =
  /\b(in the place of|(?:is|are|be) told of|of late(?! [a-z])|for so long|would else|what is no)\b/i;
const EFFECTS = new Set(["Deno", "performance", "fetch", "console"]);

type Context = Deno.lint.RuleContext;
type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** Path from the root of the project, with slashes. */
function pathOf({ filename }: Context): string {
  const root = import.meta.dirname!.replaceAll("\\", "/").replace(/scripts\/dev$/, "");
  const path = filename.replaceAll("\\", "/");
  return path.startsWith(root) ? path.slice(root.length) : path;
}

const functionLength: Deno.lint.Rule = {
  create(context) {
    if (isTest(pathOf(context))) return {};
    const check = (node: FunctionNode) => {
      const lines = context.sourceCode.text.slice(...node.range).split("\n").length;
      if (lines <= MOST_LINES) return;
      context.report({ node, message: `A function has at most ${MOST_LINES} lines: this one has ${lines}.` });
    };
    return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
  },
};

const docstring: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    if (isTest(path) || !path.startsWith("src/")) return {};
    return {
      ExportNamedDeclaration(node) {
        const { declaration } = node;
        if (declaration?.type !== "FunctionDeclaration" && declaration?.type !== "ClassDeclaration") return;
        const isDocumented = context.sourceCode.getCommentsBefore(node)
          .some(({ type, value }) => type === "Block" && value.startsWith("*"));
        if (isDocumented) return;
        context.report({ node, message: "An exported function or class has a docstring." });
      },
    };
  },
};

const plainWords: Deno.lint.Rule = {
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        const stilted = STILTED.exec(comment.value)?.[1];
        if (stilted === undefined) continue;
        context.report({ range: comment.range, message: `Say it plainly: "${stilted}".` });
      }
    },
  }),
};

const environment: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    if (isTest(path) || ENVIRONMENT.includes(path)) return {};
    return {
      MemberExpression(node) {
        const { object, property } = node;
        if (object.type !== "Identifier" || property.type !== "Identifier" || property.name !== "env") return;
        if (object.name !== "Deno" && object.name !== "process") return;
        context.report({ node, message: `Only ${ENVIRONMENT.join(", ")} read the environment.` });
      },
    };
  },
};

const purity: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    const room = Object.keys(ROOMS).find((each) => path.startsWith(`${each}/`) && ROOMS[each].isPure);
    if (room === undefined || isTest(path)) return {};
    const report = (node: Deno.lint.Node) =>
      context.report({ node, message: `${room} is pure: no clock, chance, runtime, input or output.` });
    return {
      MemberExpression(node) {
        const { object, property } = node;
        if (object.type !== "Identifier" || property.type !== "Identifier") return;
        const name = `${object.name}.${property.name}`;
        if (EFFECTS.has(object.name) || name === "Date.now" || name === "Math.random") report(node);
      },
      CallExpression(node) {
        if (node.callee.type === "Identifier" && node.callee.name === "fetch") report(node);
      },
      NewExpression(node) {
        if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0) {
          report(node);
        }
      },
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "docstring": docstring,
    "environment": environment,
    "function-length": functionLength,
    "plain-words": plainWords,
    "purity": purity,
  },
};
export default plugin;
