// The page of the API: Swagger UI over our own description, from our own server.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

const place = document.querySelector("#docs");

SwaggerUI({
  domNode: place,
  url: place.dataset.description,
  deepLinking: true,
  // Each operation shows its own; a list of them all is in the description.
  defaultModelsExpandDepth: 0,
  // It would ask somebody else's server whether the description is valid.
  validatorUrl: null,
});
