import { z } from "zod";
import type { HttpParts } from "../parts.ts";
import { fileResponse, type Route } from "./route.ts";

/** `GET /v1/model` and `GET /v1/model/forest.bin`: the files of the model that scores. */
export function modelRoutes({ judge: { model }, modelFiles }: HttpParts): Route[] {
  const etag = `"${model.sha256}"`;
  return [
    {
      method: "get",
      path: "/v1/model",
      scope: "read",
      summary: "The model's description, forest.json",
      answer: { "application/json": z.looseObject({}) },
      handle: (request) =>
        fileResponse(request, { bytes: modelFiles.manifest, type: "application/json", etag }),
    },
    {
      method: "get",
      path: "/v1/model/forest.bin",
      scope: "read",
      summary: "The model's trees, forest.bin",
      answer: { "application/octet-stream": z.unknown() },
      handle: (request) =>
        fileResponse(request, { bytes: modelFiles.forest, type: "application/octet-stream", etag }),
    },
  ];
}
