import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface RehearsalImageArgs {
  /** Folder of the project. */
  root: string;
  /** Name and tag; the tag is made from the source. */
  image: string;
  /** File of the project that builds it where it is missing, with its arguments. */
  builder: readonly string[];
}

/** An image of a rehearsal on the Docker host, built where it is missing. */
export class RehearsalImage extends pulumi.ComponentResource {
  constructor(name: string, args: RehearsalImageArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:rehearsal:RehearsalImage", name, {}, options);
    new command.local.Command(
      `${name}-build`,
      {
        create: `node --import tsx ${args.builder.join(" ")}`,
        dir: args.root,
        triggers: [args.image],
      },
      { parent: this },
    );
    this.registerOutputs({ image: args.image });
  }
}
