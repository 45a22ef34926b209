/** A part of deno.lock. */
interface Lock {
  npm: Record<string, { integrity: string }>;
}

/**
 * The software bill of materials (CycloneDX 1.6): every package that deno.lock names, with its hash.
 *
 * @param lock Text of deno.lock.
 * @param version Edgewood's own.
 */
export function billOfMaterials(lock: string, version: string): string {
  const { npm }: Lock = JSON.parse(lock);
  // One package may stand there several times, with other peers.
  const packages = new Map(
    Object.entries(npm).map(([key, { integrity }]) => [/^@?[^@]+@[^_]+/.exec(key)![0], integrity]),
  );
  const components = [...packages].sort(([a], [b]) => a < b ? -1 : 1).map(([key, integrity]) => {
    const at = key.lastIndexOf("@");
    const [name, version] = [key.slice(0, at), key.slice(at + 1)];
    const [algorithm, hash] = integrity.split("-");
    return {
      type: "library",
      name,
      version,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      hashes: [{ alg: algorithm.replace("sha", "SHA-"), content: Uint8Array.fromBase64(hash).toHex() }],
    };
  });
  return JSON.stringify({
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", name: "edgewood", version } },
    components,
  });
}
