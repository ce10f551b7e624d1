// The page of the API: Swagger UI over our own description, from our own server.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

const place = document.querySelector("#docs");

// Its dark colours stand under a class, which only its own switch would set.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUI({
  domNode: place,
  url: place.dataset.description,
  deepLinking: true,
  // Each operation shows its own; a list of them all is in the description.
  defaultModelsExpandDepth: 0,
  // It would ask somebody else's server whether the description is valid.
  validatorUrl: null,
});
