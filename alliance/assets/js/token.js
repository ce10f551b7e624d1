// The pages of API tokens: a press makes one token, and what is shown once can be copied.
import { onceAndCopied } from "./lib/once.js";

onceAndCopied();
