import { browserProject } from "../../vitest.browser.ts";

export default browserProject("data");
