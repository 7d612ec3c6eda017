import { render, type VNode } from "preact";
import { useEffect } from "preact/hooks";
import { watchConnection } from "./api/client";
import { Banner } from "./components/banner";
import { Header } from "./components/header";
import { Help } from "./components/help";
import { pageAt } from "./pages/routes";
import { startShortcuts } from "./state/shortcuts";
import { loadSource } from "./state/source";
import { reload, startRefreshing } from "./state/time";
import { place, startRouting } from "./state/url";
import "./style.css";

function App(): VNode {
  const { title, page } = pageAt(place.value.path);
  useEffect(() => {
    document.title = `${title} · cachescope`;
  }, [title, place.value.path]);
  return (
    <>
      <Header />
      <Banner />
      <main id="main" tabIndex={-1}>
        {page}
      </main>
      <Help />
    </>
  );
}

startRouting();
startShortcuts();
startRefreshing();
watchConnection(() => {
  void loadSource();
  reload();
});
void loadSource();

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
