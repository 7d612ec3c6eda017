import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** A modal dialog; the browser keeps the focus inside and closes it on Escape. */
export function Dialog(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ComponentChildren;
}): VNode {
  const node = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (props.open && node.current?.open === false) node.current.showModal();
    else if (!props.open && node.current?.open === true) node.current.close();
  }, [props.open]);
  return (
    <dialog
      ref={node}
      class="dialog"
      aria-label={props.title}
      onClose={props.onClose}
      onClick={(event) => {
        if (event.target === node.current) props.onClose();
      }}
    >
      <div class="dialog-body">
        <header>
          <h2>{props.title}</h2>
          <button type="button" class="plain" aria-label="Close" onClick={props.onClose}>
            ✕
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
