// The part of the page that draws charts; fetched when the first is to be seen.

export { AlertChart, ThresholdChart } from "../components/threshold_chart";
export { DashboardPage } from "./dashboard";
export { QueryPage } from "./query";
