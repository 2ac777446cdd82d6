// An OpenID provider for one client, on a free port of this machine. It lets in whoever the login_hint names, without a
// password, and says so in the id token. Written to standard output: its issuer, once it listens.
// Arguments: client id, client secret, redirect URI.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    }],
    pkce: { required: () => true },
    cookies: { keys: ['a test has no secrets'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    // By the letter of the standard an id token of the code flow leaves these to another call.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: `subject-of-${id}`, email: `${id}@example.com`, email_verified: id !== 'unverified' }),
    }),
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return answer(request, response);
    const { params } = await provider.interactionDetails(request, response);
    const result = { login: { accountId: params.login_hint ?? 'nobody' } };
    return provider.interactionFinished(request, response, result);
  });
  console.log(issuer);
});
// Whoever started it has gone.
process.stdin.on('end', () => process.exit(0)).resume();
