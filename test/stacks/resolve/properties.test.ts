import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CatalogEntry } from "../../../stacks/catalog/entry.ts";
import { recordSchema } from "../../../stacks/catalog/record.ts";
import { overlaps, parseCidr } from "../../../stacks/cidr.ts";
import type { StackConfig } from "../../../stacks/config/load.ts";
import { InputError } from "../../../stacks/errors.ts";
import type { Platform } from "../../../stacks/platform.ts";
import { resolvePlatform } from "../../../stacks/resolve/index.ts";
import { found } from "../../fixtures/platforms.ts";
import {
  asCatalog,
  linkTo,
  linkToAny,
  listensOn,
  type RecordFields,
  record,
} from "../../fixtures/records.ts";
import { environments, stackConfig } from "../../fixtures/stackConfigs.ts";

const runs = { numRuns: 100 };
const smallest = record().value;
const noVariables = environments();

/** An entry without text, so without lines: a hundred catalogues a test are not worth parsing. */
function entry(fields: RecordFields): CatalogEntry {
  const value = recordSchema.parse({ ...smallest, ...fields });
  const file = `catalog/${value.name}.yaml`;
  return { file, value, locate: () => ({ file }) };
}

interface Shape {
  number: number;
  segment: NonNullable<RecordFields["segment"]>;
  alsoIn: boolean;
  egress: boolean;
  routed: boolean;
  measured: boolean;
  throughFirst: boolean;
  links: { to: number; required: boolean; ordered: boolean }[];
}

const shape = fc.record({
  segment: fc.constantFrom("media", "data", "admin", "downloads", "dmz" as const) as fc.Arbitrary<
    Shape["segment"]
  >,
  alsoIn: fc.boolean(),
  egress: fc.boolean(),
  routed: fc.boolean(),
  measured: fc.boolean(),
  throughFirst: fc.boolean(),
  links: fc.array(fc.record({ to: fc.nat(11), required: fc.boolean(), ordered: fc.boolean() }), {
    maxLength: 4,
  }),
});

/**
 * Up to twelve services with any numbers. The first is the VPN, the second the gateway, the third collects metrics.
 * Ordered links lead to earlier services only, so no circle arises; others lead anywhere.
 */
const shapes: fc.Arbitrary<Shape[]> = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: 127 }), { minLength: 1, maxLength: 12 }),
    fc.array(shape, { minLength: 12, maxLength: 12 }),
  )
  .map(([numbers, all]) =>
    numbers.map((number, index) => ({ ...(all[index] as Omit<Shape, "number">), number })),
  );

const nameOf = (index: number) => `s${index}`;
const portOf = (index: number) => 1000 + index;

function entries(all: readonly Shape[]): CatalogEntry[] {
  const goesThrough = (index: number) => index > 2 && all[index]?.throughFirst === true;
  const host = (index: number) => (goesThrough(index) ? 0 : index);
  return all.map((one, index) => {
    const through = goesThrough(index);
    const providers = new Map(
      one.links
        .filter(({ to }) => to < all.length && host(to) !== host(index))
        .map((link) => [link.to, link]),
    );
    return entry({
      name: nameOf(index),
      number: one.number,
      segment: one.segment,
      ...(through ? { through: nameOf(0) } : {}),
      ...(one.alsoIn && !through ? { alsoIn: ["proxy"] } : {}),
      ...(one.egress && !through ? { egress: { reason: "a test needs it" } } : {}),
      ...(index === 1 ? { roles: ["gateway"] } : index === 2 ? { roles: ["metrics"] } : {}),
      ports: listensOn(portOf(index)),
      ...(one.routed ? { route: { subdomain: nameOf(index), port: portOf(index), access: "user" } } : {}),
      ...(one.measured ? { metrics: { port: portOf(index) } } : {}),
      links: [...providers.values()].map(({ to, required, ordered }) =>
        linkTo(nameOf(to), portOf(to), { required, ordered: ordered && to < index }),
      ),
    });
  });
}

const pools = fc.constantFrom(
  { segments: "10.10.0.0/16", links: "10.32.0.0/15" },
  { segments: "172.16.0.0/20", links: "172.18.0.0/15" },
  { segments: "192.168.0.0/16", links: "10.0.0.0/8" },
);
const config = pools.map((network) => stackConfig({ network }));

function resolved(all: readonly CatalogEntry[], stack: StackConfig): Platform {
  return resolvePlatform(asCatalog(all), stack, noVariables);
}

describe("of any catalogue", () => {
  it("no two networks overlap", () => {
    fc.assert(
      fc.property(shapes, config, (all, stack) => {
        const { segments, links } = resolved(entries(all), stack);
        const networks = [...segments, ...links].map(({ cidr }) => found(parseCidr(cidr), cidr));
        const clashes = networks.flatMap((one, index) =>
          networks.slice(index + 1).filter((other) => overlaps(one, other)),
        );
        expect(clashes).toEqual([]);
      }),
      runs,
    );
  });

  it("every address is in its network, and no one else's", () => {
    fc.assert(
      fc.property(shapes, config, (all, stack) => {
        const { segments, links, services } = resolved(entries(all), stack);
        const network = new Map<string, string>(segments.map(({ name, cidr }) => [name, cidr]));
        const given = [
          ...segments.map(({ cidr, gateway }) => [cidr, gateway]),
          ...links.flatMap(({ cidr, gateway, consumerAddress, providerAddress }) =>
            [gateway, consumerAddress, providerAddress].map((address) => [cidr, address]),
          ),
          ...services.flatMap(({ addresses }) =>
            addresses.map(({ segment, address }) => [found(network.get(segment), segment), address]),
          ),
        ] as [string, string][];
        expect(new Set(given.map(([, address]) => address)).size).toBe(given.length);
        const strays = given.filter(
          ([cidr, address]) =>
            !overlaps(found(parseCidr(cidr), cidr), found(parseCidr(`${address}/32`), address)),
        );
        expect(strays).toEqual([]);
      }),
      runs,
    );
  });

  it("the waves hold every service once, after all that it waits for", () => {
    fc.assert(
      fc.property(shapes, (all) => {
        const { waves, services } = resolved(entries(all), stackConfig());
        const wave = new Map(waves.flatMap((names, index) => names.map((name) => [name, index] as const)));
        expect(waves.flat().sort()).toEqual(services.map(({ name }) => name));
        for (const { name, after } of services) {
          for (const needed of after) expect(wave.get(needed)).toBeLessThan(wave.get(name) ?? -1);
        }
      }),
      runs,
    );
  });

  it("a service waits for the providers of its ordered links and the service it goes through, and no other", () => {
    fc.assert(
      fc.property(shapes, (all) => {
        const { services, links } = resolved(entries(all), stackConfig());
        for (const { name, after, through } of services) {
          const providers = links
            .filter((link) => link.consumer === name && link.ordered)
            .map(({ provider }) => provider);
          expect(after).toEqual(
            [...new Set([...providers, ...(through === undefined ? [] : [through])])].sort(),
          );
        }
      }),
      runs,
    );
  });

  it("the links are those declared and those that routes and metrics imply", () => {
    fc.assert(
      fc.property(shapes, (all) => {
        const records = entries(all);
        const expected = new Set<string>();
        for (const { value } of records) {
          for (const { provider } of value.links) expected.add(`${value.name} ${provider}`);
          if (value.route && all.length > 1 && value.name !== nameOf(1))
            expected.add(`${nameOf(1)} ${value.name}`);
          if (value.metrics && all.length > 2 && value.name !== nameOf(2))
            expected.add(`${nameOf(2)} ${value.name}`);
        }
        const { links } = resolved(records, stackConfig());
        expect(links.map(({ consumer, provider }) => `${consumer} ${provider}`).sort()).toEqual(
          [...expected].sort(),
        );
      }),
      runs,
    );
  });

  it("the platform is the same bytes twice, and in any order of its records", () => {
    const shuffled = shapes.chain((all) => {
      const order = all.map((_, index) => index);
      return fc.record({
        all: fc.constant(all),
        order: fc.shuffledSubarray(order, { minLength: all.length }),
      });
    });
    fc.assert(
      fc.property(shuffled, ({ all, order }) => {
        const records = entries(all);
        const once = JSON.stringify(resolved(records, stackConfig()));
        expect(JSON.stringify(resolved(records, stackConfig()))).toBe(once);
        const other = entries(all);
        expect(
          JSON.stringify(
            resolved(
              order.map((index) => found(other[index], "a record")),
              stackConfig(),
            ),
          ),
        ).toBe(once);
      }),
      runs,
    );
  });

  it("one more service changes no address of those there were", () => {
    fc.assert(
      fc.property(
        shapes.filter((all) => all.length > 1),
        (all) => {
          // The last record goes, and with it the links to it.
          const last = all.length - 1;
          const before = all
            .slice(0, last)
            .map((one) => ({ ...one, links: one.links.filter(({ to }) => to !== last) }));
          const less = resolved(entries(before), stackConfig());
          const more = resolved(entries(all), stackConfig());

          const linksNow = new Map(more.links.map((link) => [`${link.consumer} ${link.provider}`, link]));
          for (const { consumer, provider, cidr, gateway, consumerAddress, providerAddress } of less.links) {
            expect(linksNow.get(`${consumer} ${provider}`)).toMatchObject({
              cidr,
              gateway,
              consumerAddress,
              providerAddress,
            });
          }
          const servicesNow = new Map(more.services.map(({ name, addresses }) => [name, addresses]));
          for (const { name, addresses } of less.services) expect(servicesNow.get(name)).toEqual(addresses);
          expect(more.segments).toEqual(expect.arrayContaining([...less.segments]));
        },
      ),
      runs,
    );
  });
});

it("the order in which the config names services changes nothing", () => {
  const choices = fc.array(
    fc.record({ from: fc.nat(9), any: fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 3 }) }),
    { maxLength: 16 },
  );
  const included = fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 5 });
  const orders = included.chain((order) =>
    fc.record({
      order: fc.constant(order),
      other: fc.shuffledSubarray(order, { minLength: order.length }),
    }),
  );
  fc.assert(
    fc.property(choices, orders, (all, { order, other }) => {
      const records = Array.from({ length: 10 }, (_, index) =>
        entry({
          name: nameOf(index),
          number: index,
          ports: listensOn(80),
          links: all
            .filter(({ from }) => from === index)
            .flatMap(({ any }) => {
              const providers = any.filter((to) => to !== index).map(nameOf);
              const [only] = providers;
              if (only === undefined) return [];
              return [
                providers.length === 1
                  ? linkTo(only, 80, { ordered: false })
                  : linkToAny(providers, 80, { ordered: false }),
              ];
            }),
        }),
      );
      const of = (include: number[]) =>
        JSON.stringify(resolved(records, stackConfig({ services: { include: include.map(nameOf) } })));
      expect(of(other)).toBe(of(order));
    }),
    runs,
  );
});

it("whatever the catalogue, all that is ever thrown is an InputError with at least one problem", () => {
  const wild = fc.record({
    include: fc.array(fc.nat(13), { minLength: 1, maxLength: 4 }),
    exclude: fc.array(fc.nat(13), { maxLength: 3 }),
    edges: fc.array(fc.record({ from: fc.nat(11), to: fc.nat(13), port: fc.nat(11) }), { maxLength: 20 }),
    through: fc.array(fc.option(fc.nat(13), { nil: undefined, freq: 3 }), { minLength: 12, maxLength: 12 }),
  });
  fc.assert(
    fc.property(wild, ({ include, exclude, edges, through }) => {
      const records = Array.from({ length: 12 }, (_, index) => {
        const provider = through[index];
        return entry({
          name: nameOf(index),
          number: index,
          ports: listensOn(portOf(index)),
          ...(provider === undefined ? {} : { through: nameOf(provider) }),
          links: edges
            .filter(({ from }) => from === index)
            .map(({ to, port }) => linkTo(nameOf(to), portOf(port))),
        });
      });
      const names = (numbers: number[]) => [...new Set(numbers.map(nameOf))];
      const stack = stackConfig({ services: { include: names(include), exclude: names(exclude) } });
      try {
        resolved(records, stack);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).problems.length).toBeGreaterThan(0);
      }
    }),
    runs,
  );
});
