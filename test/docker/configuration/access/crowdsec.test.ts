import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containerName } from "../../../../stacks/containerName.ts";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, service } from "../../../fixtures/platforms.ts";
import { filesOf } from "../../../stacks/configure/fixtures.ts";
import { docker, until } from "../../harness.ts";
import { nginxWith } from "../nginx.ts";
import { makeNetwork, noReal, type RunningProgram, realProgram, removeTest, startReal } from "../real.ts";

const programs = { crowdsec: realProgram("crowdsec"), nginx: realProgram("nginx") };
const missing = (await noReal(programs.crowdsec)) || (await noReal(programs.nginx));

const attacker = "203.0.113.7";
/** As Authelia 4.39 wrote it for a wrong password, its stack trace shortened. */
const failedSignIn = `time="2026-11-21T07:10:19Z" level=error msg="Unsuccessful 1FA authentication attempt by user 'admin'" method=POST path=/api/firstfactor remote_ip=${attacker} stack="github.com/authelia/authelia/v4/internal/handlers/response.go:496\\nruntime/asm_amd64.s:1771 goexit"`;
/** As Traefik writes a request, in both of its formats. */
const requests = {
  json: `{"ClientAddr":"${attacker}:4711","ClientHost":"${attacker}","DownstreamStatus":404,"Duration":120000,"RequestAddr":"media.example.com","RequestHost":"media.example.com","RequestMethod":"GET","RequestPath":"/.env","RequestProtocol":"HTTP/2.0","RouterName":"homepage@file","entryPointName":"websecure","level":"info","msg":"","time":"2026-11-21T07:10:19Z"}`,
  text: `${attacker} - - [21/Nov/2026:07:10:19 +0000] "GET /.env HTTP/2.0" 404 19 "-" "-" 7 "homepage@file" "http://homepage:3000" 1ms`,
};

/** Its own check, with a database beside the running server's: each would find the other's locked. */
const judge =
  "sed 's#db_path: .*#db_path: /tmp/judge.db#' /etc/crowdsec/config.yaml > /tmp/judge.yaml && crowdsec -c /tmp/judge.yaml -t";

describe.skipIf(missing).each(["dev", "prod"])("CrowdSec, given what stack %s generates", (stack) => {
  const { platform } = loadStack(projectRoot, stack);
  const record = service(platform, "crowdsec");
  const written = loadStack(projectRoot, stack).catalog.get("crowdsec")?.value.entrypoint ?? [];
  const test = `umscs${stack}`;
  let crowdsec: RunningProgram;

  /** What the record runs before the image's own entry point, and then other words. */
  const after = (words: string) => [
    ...written.slice(0, -1),
    found(written.at(-1), "an entry point").replace("exec /bin/bash /docker_start.sh", words),
  ];
  const running = (words: string[]) => crowdsec.exec(words);

  beforeAll(async () => {
    await makeNetwork(test);
    await startDockerApi(test, [containerName(stack, "authelia"), containerName(stack, "traefik")]);
    crowdsec = await startReal(programs.crowdsec, {
      name: `${test}-crowdsec`,
      network: test,
      files: filesOf(platform, "crowdsec"),
      environment: { ...record.environment },
      user: `${record.user.uid}:${record.user.gid}`,
      volumes: { "/etc/crowdsec": `${test}-config`, "/var/lib/crowdsec/data": `${test}-database` },
    });
    await until(
      "the local API answers",
      async () => (await running(["cscli", "lapi", "status"])).exitCode === 0,
    );
  });
  afterAll(() => removeTest(test));

  it("accepts its sources, where the record's entry point puts them", async () => {
    const { exitCode, output } = await running(after(judge));
    expect(exitCode, output).toBe(0);
    expect(output).toContain("loading acquisition file : /etc/crowdsec/acquis.d/ums.yaml");
    const ours = output.split("\n").filter((line) => /acquis\.d|acquisition\.docker/.test(line));
    expect(ours.filter((line) => !line.includes("level=info"))).toEqual([]);
    expect(ours).toHaveLength(3);
  });

  it("refuses sources it does not understand", async () => {
    const wrong = "sed s/container_name/containers/ /run/acquisition/ums.yaml > /tmp/ums.yaml";
    const place = "ln -sfn /tmp/ums.yaml /etc/crowdsec/acquis.d/ums.yaml";
    const { exitCode, output } = await running(["/bin/bash", "-c", `${wrong} && ${place} && ${judge}`]);
    await running(after("true"));
    expect(output).toContain("containers");
    expect(exitCode).not.toBe(0);
  });

  it.each([
    ["authelia", failedSignIn, "LePresidente/authelia-logs", "LePresidente/authelia-bf"],
    ["traefik", requests.json, "crowdsecurity/traefik-logs", "crowdsecurity/http-sensitive-files"],
    ["traefik", requests.text, "crowdsecurity/traefik-logs", "crowdsecurity/http-sensitive-files"],
  ])(
    "reads a line of %s by the label and the collections of its record",
    async (name, line, parser, scenario) => {
      const type = found(service(platform, name).crowdsec, `crowdsec of ${name}`).type;
      // It leaves a line out that is not through within a second.
      const explained = async () =>
        (await running(["cscli", "explain", "--type", type, "--log", line])).output;
      await expect.poll(explained).toMatch(new RegExp(`🟢 ${parser}[\\s\\S]*🟢 ${scenario}\\b`));
    },
  );

  it("lets the gateway ask with its key, and nobody without", async () => {
    const key = found(filesOf(platform, "crowdsec").get("/run/secrets/bouncer_key_traefik"), "the key");
    const ask = (value: string) =>
      running([
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-H",
        `X-Api-Key: ${value}`,
        "http://127.0.0.1:8080/v1/decisions",
      ]);
    expect((await ask(key)).output).toBe("200");
    expect((await ask("another")).output).toBe("403");
  });

  it("bans who guesses passwords, from the log that the Docker API hands it", async () => {
    await docker.getContainer(crowdsec.name).restart();
    await until("the attacker is banned", async () => {
      const { output } = await running(["cscli", "decisions", "list", "--ip", attacker, "-o", "json"]);
      return output.includes("LePresidente/authelia-bf");
    });
  });
});

/** The little of the Docker API that CrowdSec asks for, under the socket proxy's name: the log of each container is ten failed sign-ins. */
async function startDockerApi(network: string, containers: readonly string[]): Promise<void> {
  const listed = containers.map((name, index) => ({
    Id: `c${index}`,
    Names: [`/${name}`],
    State: "running",
  }));
  const json = (value: unknown) => `return 200 '${JSON.stringify(value)}';`;
  const configuration = nginxWith(`
    default_type application/json;
    add_header Api-Version 1.41;
    server {
      listen 2375;
      location ~ /_ping$ { return 200 OK; }
      location ~ /info$ { ${json({ Swarm: { LocalNodeState: "inactive" } })} }
      location ~ /containers/json$ { ${json(listed)} }
      location ~ /containers/c\\d+/json$ { ${json({ Id: "c0", Config: { Tty: true }, State: { Running: true } })} }
      location ~ /containers/c0/logs$ { alias /etc/api/log; }
      location ~ /containers/c1/logs$ { return 200 ''; }
      location ~ /events$ { return 200 ''; }
    }`);
  const log = `${failedSignIn}\n`.repeat(10);
  const api = await startReal(programs.nginx, {
    name: `${network}-api`,
    network,
    files: new Map([
      ["/etc/api/nginx.conf", configuration],
      ["/etc/api/log", log],
    ]),
    command: ["nginx", "-c", "/etc/api/nginx.conf", "-g", "daemon off;"],
  });
  const own = docker.getNetwork(network);
  await own.disconnect({ Container: api.name });
  await own.connect({ Container: api.name, EndpointConfig: { Aliases: ["socket-proxy"] } });
}
