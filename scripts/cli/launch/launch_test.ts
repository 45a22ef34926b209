/** Runs commands by the launcher, as `deno task` does: exit codes, signals, permissions. */
import { assert, assertEquals, assertStringIncludes } from "../../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../../src/testing/embedded_run.ts";
import { runDeno, startDeno } from "../../../src/testing/process.ts";
import { buildModule } from "../../dev/build.ts";
import { COMMANDS } from "../../commands/list.ts";

const root = new URL("../../../", import.meta.url);
await buildModule(root);

/** The launcher's own permissions, as the tasks of deno.json name them. */
async function launcherFlags(task: string): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const command: string = tasks[task].command;
  assertStringIncludes(command, `scripts/cli/launch/launch.ts ${task}`);
  return command.split(" ").filter((word) => word.startsWith("--allow-"));
}

const launch = async (command: string, args: string[]) =>
  await runDeno("scripts/cli/launch/launch.ts", [command, ...args], {
    permissions: await launcherFlags("consume"),
  });

Deno.test("launch starts every command under its own task's permissions, whatever engines the environment names", async () => {
  const env = {
    STREAM_URL: "kafka://127.0.0.1:1",
    LEDGER_URL: "postgres://ann:secret@127.0.0.1:1/edgewood",
    OBJECTS_URL: "s3://access:secret@127.0.0.1:1/flagged",
    WEBHOOK_URLS: "https://hooks.example/fraud",
  };
  for (const command of COMMANDS.map((each) => each.name())) {
    const permissions = await launcherFlags(command);
    const { code, stderr } = await runDeno("scripts/cli/launch/launch.ts", [command, "--help"], {
      permissions,
      env,
    });
    assertEquals([command, code, stderr], [command, 0, ""]);
  }
});

Deno.test("launch passes on exit codes and output", async () => {
  const folder = await Deno.makeTempDir();
  const engines = embeddedArgs(folder, ["stream", "ledger", "objects"]);
  const help = await launch("verify", ["--help"]);
  assertEquals(help.code, 0);
  assertStringIncludes(help.stdout, "exactly once");
  const failed = await launch("verify", engines);
  assertEquals(failed.code, 1, failed.stderr);
  assertStringIncludes(failed.stderr, "there is no such file");
  assertEquals((await launch("verify", ["--absent"])).code, 2);
  const wrong = await launch("verify", ["--stream", "redis://localhost"]);
  assertEquals(wrong.code, 2, "settings that cannot be used are wrong usage");
  assertStringIncludes(wrong.stderr, "--stream must begin with sqlite: or kafka://");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("launch leaves it to the command to say what is wrong with a path that leads nowhere", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/file`, "");
  await Deno.symlink(`${folder}/circle`, `${folder}/circle`);
  for (const path of [`${folder}/file/stream.db`, `${folder}/circle/stream.db`, "/proc/stream.db"]) {
    const { code, stderr } = await launch("verify", ["--stream", `sqlite:${path}`]);
    assertEquals([code, stderr.split("\n").filter((line) => line.startsWith("    at "))], [1, []]);
    assertStringIncludes(stderr, `error: Cannot open the embedded stream at ${path}`);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("launch leaves it to the command to say what is wrong with an address, without its secret", async () => {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 10 });
  for (
    const args of [
      ["--stream", "kafka://ann:12?hidden@k:9092"],
      ["--stream", "kafka://ann:hidden@k:9092?sasl=plain"],
      ["--ledger", "postgres://ann:12/hidden@db/x"],
      ["--objects", "s3://key:12/hidden@h:9000/bucket"],
      ["--objects", "s3://key:hidden%zz@h:9000/bucket"],
    ]
  ) {
    const { code, stderr } = await launch("consume", [...embeddedArgs(folder), "--until-empty", ...args]);
    assertEquals(code, 1, stderr);
    assert(/error: .*(percent-encoded|tls must be written)/.test(stderr), stderr);
    assert(!stderr.includes("hidden"), stderr);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("launch refuses a command that is none, also by a name that every object has", async () => {
  for (const command of ["absent", "constructor", "../secret"]) {
    const { code, stderr } = await launch(command, []);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "must be one of produce");
  }
});

Deno.test("launch says that a command which only computes was interrupted", async () => {
  const folder = await Deno.makeTempDir();
  const args = ["train", "--out", `${folder}/model`, "--count", "3000000"];
  await using process = startDeno("scripts/cli/launch/launch.ts", args, {
    permissions: await launcherFlags("train"),
  });
  await process.until(() => process.stderr.includes("train:"), { timeoutMs: 60_000, what: "progress" });
  process.kill("SIGTERM");
  const { code, stdout, stderr } = await process.ended();
  assertEquals([code, stdout], [143, ""]);
  assertStringIncludes(stderr, "train: interrupted");
  await Deno.remove(folder, { recursive: true });
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`launch: a ${signal} ends consume in good order, without any network permission`, async () => {
    const folder = await Deno.makeTempDir();
    await makeEmbeddedRun(folder, { count: 500 });
    const args = ["consume", ...embeddedArgs(folder), "--alerts", "none", "--debug"];
    // A group of its own, so that the signal reaches all of it, as Ctrl-C at a terminal does.
    const through = signal === "SIGINT" ? ["setsid"] : [];
    {
      await using process = startDeno("scripts/cli/launch/launch.ts", args, {
        permissions: await launcherFlags("consume"),
        through,
      });
      await process.until(() => process.stderr.includes("up to offset 500"), { what: "the last commit" });
      if (signal === "SIGINT") Deno.kill(-process.pid, "SIGINT");
      else process.kill(signal);
      const { code, stderr } = await process.ended();
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "consumed   500 records");
    }
    const { code, stdout } = await launch("verify", embeddedArgs(folder, ["stream", "ledger", "objects"]));
    assertEquals(code, 0, stdout);
    assert(stdout.includes("nothing lost, nothing doubled"));
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("launch: a path with a comma works, and says what it allows for it", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/a,b`);
  const args = ["--count", "1000", "--stream", `sqlite:${folder}/a,b/s.db`, "--quiet"];
  const { code, stderr } = await launch("produce", args);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, `produce may use all of ${folder}`);
  assert((await Deno.stat(`${folder}/a,b/s.db`)).isFile);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("launch says that deno must be on PATH where it is not", async () => {
  const { code, stderr } = await runDeno("scripts/cli/launch/launch.ts", ["verify"], {
    permissions: await launcherFlags("verify"),
    env: { PATH: "/nonexistent" },
  });
  assertEquals(code, 127, stderr);
  assertStringIncludes(stderr, "the program deno must be on PATH");
  assert(!/^ +at /m.test(stderr), stderr);
});

Deno.test({
  name: "launch: no process that it starts has a secret of the user's flags in its arguments",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir();
    await makeEmbeddedRun(folder, { count: 10 });
    await Deno.writeTextFile(`${folder}/password`, "filed%secret\n");
    const args = [
      ...[
        "consume",
        ...embeddedArgs(folder),
        "--alerts",
        "webhook",
        "--webhook",
        "https://127.0.0.1:1/hooksecret",
      ],
      ...[
        "--ledger=postgres://ann:se/cret@127.0.0.1:1/x",
        "--ledger",
        "postgres://ann:se%2Fcret@127.0.0.1:1/x",
      ],
      ...["--objects", "s3://access@127.0.0.1:1/bucket"],
    ];
    await using process = startDeno("scripts/cli/launch/launch.ts", args, {
      permissions: await launcherFlags("consume"),
      env: {
        WEBHOOK_SECRET: "0123456789abcdef0123456789abcdef",
        OBJECTS_PASSWORD_FILE: `${folder}/password`,
      },
    });
    await process.until(() => process.stderr.includes("waiting for PostgreSQL"), {
      what: "the command at work",
    });
    const { stdout } = await new Deno.Command("sh", {
      args: [
        "-c",
        'for p in $(grep -l "^PPid:.$1$" /proc/[0-9]*/status); do cat "${p%status}cmdline"; done',
        "sh",
        `${process.pid}`,
      ],
    }).output();
    const commandLines = new TextDecoder().decode(stdout).replaceAll("\0", " ");
    assertStringIncludes(commandLines, "scripts/commands/consume.ts");
    assertStringIncludes(commandLines, "--objects s3://access@127.0.0.1:1/bucket");
    assert(!/cret/.test(commandLines), commandLines);
    for (const option of ["--ledger", "--webhook"]) {
      assertEquals(process.stderr.split(`note: ${option} holds a secret`).length, 2, process.stderr);
    }
    assert(!/cret@|hooksecret|filed/.test(process.stderr), process.stderr);
    process.kill("SIGTERM");
    await process.ended();
    await Deno.remove(folder, { recursive: true });
  },
});

/** Whether a process takes SIGTERM itself, as /proc has it; Deno would need all permissions to read that. */
async function takesSigterm(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("grep", { args: ["SigCgt", `/proc/${pid}/status`] }).output();
  const caught = new TextDecoder().decode(stdout).split(/\s+/)[1] ?? "0";
  return (BigInt(`0x${caught}`) >> 14n & 1n) === 1n;
}

Deno.test({
  name: "launch: a SIGTERM at any moment of a start ends consume with 0",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir();
    await makeEmbeddedRun(folder, { count: 100 });
    const args = ["consume", ...embeddedArgs(folder), "--alerts", "none"];
    for (const waitMs of [0, 60, 150, 250, 350, 600]) {
      await using process = startDeno("scripts/cli/launch/launch.ts", args, {
        permissions: await launcherFlags("consume"),
      });
      await process.until(() => takesSigterm(process.pid), { what: "the launcher's listener" });
      await new Promise((done) => setTimeout(done, waitMs));
      process.kill("SIGTERM");
      const { code, stderr } = await process.ended();
      assertEquals(code, 0, `after ${waitMs} ms: ${stderr}`);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
