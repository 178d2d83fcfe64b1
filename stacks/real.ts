import { standinRepository } from "../rehearsal/image.ts";
import { whyNotBuildable } from "../rehearsal/real/host.ts";
import { realImage } from "../rehearsal/real/image.ts";
import type { RealProgram } from "../rehearsal/real/program.ts";
import { programFor } from "../rehearsal/real/programs.ts";
import type { Catalog } from "./catalog/entry.ts";
import type { RealChoice } from "./config/sections/real.ts";
import { InputError, type Place, type Problem } from "./errors.ts";
import type { Platform } from "./platform.ts";
import { didYouMean } from "./suggest.ts";

/** A service that runs as a real program, and the image of it. */
export interface RealService {
  program: RealProgram;
  image: string;
}

/** What `--real` and UMS_REAL say: `all`, `none`, or names with commas between them. */
export function parseRealChoice(text: string): RealChoice {
  const names = text.split(",").map((name) => name.trim());
  if (names.length === 1 && names[0] === "all") return "all";
  if (names.length === 1 && names[0] === "none") return [];
  return [...new Set(names.filter((name) => name !== ""))].sort();
}

/** The services of a platform that run as real programs, as `parseRealChoice` takes them. */
export function chosenReal({ rehearsal }: Pick<Platform, "rehearsal">): string {
  const names = (rehearsal?.real ?? []).flatMap(({ services }) => services);
  return names.sort().join(",") || "none";
}

/** Where a choice was made. */
export interface ChoiceOrigin {
  /** Option or setting. */
  what: string;
  /** Place of a name in a file, or of all of them. */
  place?: (index?: number) => Place;
  /** It was made earlier: names that mean nothing any more are passed over. */
  lenient?: boolean;
}

/** Services that are to run for real, as somebody named them. */
export class Choice {
  constructor(
    private readonly names: RealChoice,
    private readonly origin: ChoiceOrigin,
  ) {}

  /**
   * The services, sorted: `all` means those of the catalogue whose program can be built on this machine, but for what
   * measures a stand-in.
   * @throws InputError for names that no program is there for
   */
  among(catalog: Catalog): string[] {
    const programs = new Map(
      [...catalog.values()].flatMap(({ value }) => {
        const program = programFor(value.image.repository);
        return program ? [[value.name, program]] : [];
      }),
    );
    if (this.names === "all") {
      const buildable = [...programs].flatMap(([name, program]) => (whyNotBuildable(program) ? [] : name));
      // A stand-in speaks no program's protocol: PostgreSQL's exporter takes its answer for a length, and all memory for it.
      const faces = (name: string) => catalog.get(name)?.value.measures ?? name;
      return buildable.filter((name) => buildable.includes(faces(name))).sort();
    }
    const known = [...programs.keys()].sort();
    this.refuse(
      (name) => {
        if (programs.has(name)) return undefined;
        const entry = catalog.get(name);
        return entry
          ? `"${name}" cannot run for real here: there is no recipe for its image ${entry.value.image.repository}`
          : `no service is called "${name}"${didYouMean(name, known)}`;
      },
      [{ message: `services that can run for real: ${known.join(", ")}` }],
    );
    return this.names.filter((name) => programs.has(name)).sort();
  }

  /** @throws InputError for names that are not in the stack */
  refuseAbsent({ services }: Pick<Platform, "services">): void {
    const present = new Set(services.map(({ name }) => name));
    this.refuse((name) => (present.has(name) ? undefined : `"${name}" is not in the stack`));
  }

  /** @throws InputError where anything is named: for a stack with the catalogue's images */
  refuseAny(): void {
    const { what, place, lenient } = this.origin;
    if (this.names.length === 0 || lenient === true) return;
    const message = `${what}: this stack has images: real, so every service is real already; leave it out`;
    throw new InputError([{ ...(place ? { place: place() } : {}), message }]);
  }

  private refuse(wrong: (name: string) => string | undefined, hints: readonly Problem[] = []): void {
    const { what, place, lenient } = this.origin;
    if (this.names === "all" || lenient === true) return;
    const problems = this.names.flatMap((name, index): Problem[] => {
      const message = wrong(name);
      return message === undefined
        ? []
        : [{ ...(place ? { place: place(index) } : {}), message: `${what}: ${message}` }];
    });
    if (problems.length > 0) throw new InputError([...problems, ...hints]);
  }
}

/**
 * The programs of a platform's services that are chosen. A record names the program: what the config holds a service at is
 * what the program was built as, which is called otherwise, or a stand-in, which stays one.
 */
export function realServices(
  root: string,
  catalog: Catalog,
  { services }: Pick<Platform, "services">,
  chosen: readonly string[],
): Map<string, RealService> {
  return new Map(
    services.flatMap(({ name, image }) => {
      const { repository = "" } = catalog.get(name)?.value.image ?? {};
      const isRun = chosen.includes(name) && image.repository !== standinRepository;
      const program = isRun ? programFor(repository) : undefined;
      return program ? [[name, { program, image: realImage(root, program) }]] : [];
    }),
  );
}
