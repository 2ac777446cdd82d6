// An administrator's work by Microsoft's SDK. Only its base URL is another one; what it found out goes to the output.
import { BatchRequestContent, BatchResponseContent, Client, PageIterator } from "@microsoft/microsoft-graph-client";
import { readFileSync } from "node:fs";

const { baseUrl, bearer, ids, serials } = JSON.parse(readFileSync(0, "utf8"));
const client = Client.init({
  baseUrl: `${baseUrl}/`,
  defaultVersion: "beta",
  customHosts: new Set([new URL(baseUrl).hostname]),
  authProvider: (done) => done(null, bearer),
});
const told = {};
const root = "/deviceManagement/depOnboardingSettings";
const token = `${root}/${ids.token}`;

const tokens = await client.api(root).select("id,tokenName").expand("defaultIosEnrollmentProfile").get();
told.tokens = tokens.value.map((one) => one.id);

const refusal = async (call) => {
  try {
    await call();
    return null;
  } catch (error) {
    return { statusCode: error.statusCode, code: error.code };
  }
};
const sync = await fetch(`${baseUrl}/beta${token}/syncWithAppleDeviceEnrollmentProgram`, {
  method: "POST",
  headers: { authorization: `Bearer ${bearer}` },
});
told.syncRefused = sync.status;

await client
  .api(`${token}/enrollmentProfiles/${ids.profile}/updateDeviceProfileAssignment`)
  .post({ deviceIds: [serials[0]] });

const first = await client.api(`${token}/importedAppleDeviceIdentities`).top(2).count(true).get();
told.counted = first["@odata.count"];
told.paged = 0;
const iterator = new PageIterator(client, first, () => {
  told.paged += 1;
  return true;
});
await iterator.iterate();

told.made = await client.api(`${token}/enrollmentProfiles`).post({
  "@odata.type": "#microsoft.graph.depMacOSEnrollmentProfile",
  id: "",
  displayName: "Made by the SDK",
});
const made = `${token}/enrollmentProfiles('${told.made.id}')`;
await client.api(made).patch({ "@odata.type": told.made["@odata.type"], description: "Changed by the SDK" });
told.changed = await client.api(made).get();
await client.api(`${made}/setDefaultProfile`).post({});

const batch = new BatchRequestContent();
batch.addRequest({ id: "1", request: new Request("https://x/deviceManagement?$select=id", { method: "GET" }) });
batch.addRequest({ id: "2", request: new Request("https://x/deviceManagement/managedDevices/nothing") });
batch.addRequest({ id: "3", request: new Request("https://x/deviceManagement") });
batch.addDependency("2", "1");
batch.addDependency("3", "2");
const answered = new BatchResponseContent(await client.api("/$batch").post(await batch.getContent()));
told.batch = Object.fromEntries(["1", "2", "3"].map((id) => [id, answered.getResponseById(id).status]));

told.notFound = await refusal(() => client.api(`${root}/nothing`).get());
console.log(JSON.stringify(told));
