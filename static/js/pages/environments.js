/** The list of environments, live: new ones appear, ended ones leave the upper table. */

import { goLive } from "../live/page.js";
import { keepHolding, showEnvironments } from "../parts/environment-rows.js";

const alive = document.querySelector("table[data-environments]");
const live = goLive({ subscription: { function_name: null }, onChange: (seen) => showEnvironments(alive, seen.environments) });
keepHolding(alive, live);
