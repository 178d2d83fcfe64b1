import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface RehearsalImageArgs {
  /** Folder of the project. */
  root: string;
  /** Name and tag; the tag is made from the source. */
  image: string;
}

/** The stand-in's image on the Docker host, built from its source where it is missing. */
export class RehearsalImage extends pulumi.ComponentResource {
  constructor(name: string, args: RehearsalImageArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:rehearsal:RehearsalImage", name, {}, options);
    new command.local.Command(
      `${name}-build`,
      {
        create: "node --import tsx rehearsal/build.ts",
        dir: args.root,
        triggers: [args.image],
      },
      { parent: this },
    );
    this.registerOutputs({ image: args.image });
  }
}
