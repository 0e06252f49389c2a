/** Where the page is, open as `/openapi.json` is: it shows what the calls are, and no answer of theirs. */
export const docsPath = '/docs';

/** Where the page's own files are served from. */
export const docsAssets = '/docs/assets/';

/** The browsable description: Swagger UI from this server's own files, no network needed. */
export const docsPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Modelog API</title>
    <link rel="stylesheet" href="${docsAssets}swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${docsAssets}swagger-ui-bundle.js"></script>
    <script>
      SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, tryItOutEnabled: true });
    </script>
  </body>
</html>
`;
