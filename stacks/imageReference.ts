/** What an image is called: repository, tag, and the digest that pins its content. */
export interface ImageReference {
  repository: string;
  tag: string;
  digest?: string | undefined;
}

/** @throws Error for text that no record and no override could have written */
export function parseImage(reference: string): ImageReference {
  const match = /^([^@]+):([^@:/]+)(?:@(sha256:[0-9a-f]{64}))?$/.exec(reference);
  const [, repository, tag, digest] = match ?? [];
  if (repository === undefined || tag === undefined) throw new Error(`"${reference}" is no image reference`);
  return { repository, tag, ...(digest === undefined ? {} : { digest }) };
}

export function showImage({ repository, tag, digest }: ImageReference): string {
  return `${repository}:${tag}${digest === undefined ? "" : `@${digest}`}`;
}
