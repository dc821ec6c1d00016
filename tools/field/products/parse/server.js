// A club in Parse Server. The policy is the operator's: which fields of a class are protected from whom.
const express = require('express');
const { ParseServer } = require('parse-server');

const port = Number(process.env.PORT);
const server = new ParseServer({
  appId: 'field',
  masterKey: 'made-up-master-key',
  masterKeyIps: ['127.0.0.1'],
  databaseURI: process.env.DATABASE_URI,
  serverURL: `http://127.0.0.1:${port}/parse`,
  enforcePrivateUsers: false,
  allowClientClassCreation: false,
  encodeParseObjectInCloudFunction: true,
  auth: { mfa: { enabled: true, options: ['TOTP'], digits: 6, period: 30, algorithm: 'SHA1' } },
  protectedFields: {
    _User: { '*': ['email', 'phone'] },
    _Session: { '*': ['createdWith', 'installationId'] },
  },
});

server.start().then(() => {
  const app = express();
  app.use('/parse', server.app);
  app.listen(port, '127.0.0.1');
});
