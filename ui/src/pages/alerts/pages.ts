// The part of the page that is about alerts; fetched when the first of these is opened.

export { ActivePage } from "./active";
export { AlertPage } from "./alert";
export { HistoryPage } from "./history";
export { ReceiversPage } from "./receivers";
export { RulesPage } from "./rules";
export { SilencesPage } from "./silences";
export { StatisticsPage } from "./statistics";
export { ThresholdsPage } from "./thresholds";
