// Its search would compile a worker from text, which our policy forbids; without workers it does not try.
globalThis.Worker = undefined;
const { init } = await import("/docs/assets/redoc.js");
// Its telemetry would tell another host who reads what.
await init("/openapi.json", { disableTelemetry: true }, document.getElementById("redoc"));
