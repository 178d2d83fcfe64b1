import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCompiler } from "../../rehearsal/build.ts";
import { standinSource } from "../../rehearsal/image.ts";
import { projectRoot } from "../fixtures/folders.ts";

const compiler = await findCompiler();

/** Put before the stand-in's source: what the kernel does to one connection of two million, and a reset in time. */
const oddKernel = `
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int forgetful_getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
    static int left = -1;
    if (left < 0) left = atoi(getenv("FORGOTTEN_ERRORS") ? getenv("FORGOTTEN_ERRORS") : "0");
    int result = getsockopt(fd, level, name, value, size);
    if (level == SOL_SOCKET && name == SO_ERROR && *(int *)value && left > 0) {
        *(int *)value = 0;
        left--;
    }
    return result;
}

static int slow_connect(int fd, const struct sockaddr *address, socklen_t size) {
    int result = connect(fd, address, size);
    if (getenv("SLOW_CONNECT")) usleep(300000);
    return result;
}

#define getsockopt forgetful_getsockopt
#define connect slow_connect
`;

/** Listens on a port of this machine's own address alone. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

/** A port of this machine that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await closed(server);
  return port;
}

const reason = compiler === undefined ? " (no C compiler)" : "";

describe.skipIf(compiler === undefined)(`the stand-in's prober${reason}`, () => {
  let workshop: string;
  let program: string;

  beforeAll(async () => {
    workshop = mkdtempSync(join(tmpdir(), "ums-test-"));
    program = join(workshop, "standin");
    const before = join(workshop, "before.h");
    writeFileSync(before, `#define _GNU_SOURCE\n${oddKernel}`);
    const words = ["-std=c11", "-Os", "-Wall", "-Wextra", "-include", before, "-o", program];
    await execa(compiler ?? "", [...words, join(projectRoot, standinSource)]);
  });
  afterAll(() => rmSync(workshop, { recursive: true, force: true }));

  async function probe(port: number, environment: Record<string, string> = {}): Promise<string[]> {
    const { stdout } = await execa(program, ["probe", "-"], {
      input: `0 tcp 127.0.0.1 ${port} 5000 1\n`,
      env: environment,
    });
    return stdout.split("\n");
  }

  it("finds a port open where something accepts", async () => {
    // The prober ends a connection by a reset.
    const server = createServer((socket) => socket.on("error", () => socket.destroy()));
    const port = await listening(server);
    expect(await probe(port)).toEqual(["0 open 127.0.0.1", "done 1"]);
    await closed(server);
  });

  it("finds a port open where something accepts, and resets at once", async () => {
    const server = createServer((socket) => socket.resetAndDestroy());
    const port = await listening(server);
    expect(await probe(port, { SLOW_CONNECT: "yes" })).toEqual(["0 open 127.0.0.1", "done 1"]);
    await closed(server);
  });

  it("is refused where nothing listens", async () => {
    expect(await probe(await closedPort())).toEqual(["0 refused 127.0.0.1", "done 1"]);
  });

  it("finds no port open because the kernel forgot why it is closed, and asks again", async () => {
    const port = await closedPort();
    expect(await probe(port, { FORGOTTEN_ERRORS: "3" })).toEqual(["0 refused 127.0.0.1", "done 1"]);
    expect(await probe(port, { FORGOTTEN_ERRORS: "1000" })).toEqual([
      "0 error Transport endpoint is not connected",
      "done 1",
    ]);
  });
});
