import { libraryWith } from "../../tsup.shared.ts";

export default libraryWith("schedules");
