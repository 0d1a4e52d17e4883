"""What a person asks of the engine with a key: pause, resume, flatten, kill, re-arm, pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from polytui.model.events import Action
from polytui.model.snapshot import AssetState, AssetView
from polytui.tui.keymap import Keymap
from polytui.tui.panels.reasons import said
from polytui.tui.state import TerminalState
from polytui.tui.two_step import Danger, Trigger

_AT_REST = (AssetState.PAUSED, AssetState.FLATTENING, AssetState.HALTED)


class Wishes:
    """State: what is armed. Dangerous wishes are asked twice, others are sent at once."""

    def __init__(
        self,
        state: TerminalState,
        clock: Callable[[], float],
        send: Callable[[Action, str], None],
        change: Callable[[str, str, str], None],
        keymap: Keymap,
    ) -> None:
        self.trigger = Trigger()
        self.is_key = True
        """Whether it is a key that asks. What is clicked, or found in the palette, only arms."""
        self._scene = state
        self._clock = clock
        self._send = send
        self._change = change
        self._keymap = keymap

    @property
    def is_armed(self) -> bool:
        return self.trigger.is_armed(self._clock())

    def confirm(self) -> None:
        """The second press of what is armed."""
        self._fire(self.trigger.fire(self._clock()))

    def pause(self, asset: str) -> None:
        """Pause one asset, or resume it. Nothing while that is still on its way: a key that is held
        down is no row of commands."""
        view = self._scene.assets.get(asset)
        if view is None or self._is_on_its_way(asset):
            return
        if view.state is not AssetState.PAUSED:
            self._pause(view.asset, "pause")
        else:
            self._resume((view,), view.asset, "pause")

    def pause_all(self) -> None:
        """Pauses all while one of them may trade; else resumes them, but for what was flattened:
        that was sold on purpose, and each has its own key."""
        views = tuple(self._scene.assets.values())
        if not views or self._is_on_its_way(""):
            return
        if any(view.state not in _AT_REST for view in views):
            self._pause("", "pause_all")
        elif paused := self._resumed_together():
            self._resume(paused, "", "pause_all")
        else:
            one, both = self._keymap.shown("pause"), self._keymap.shown("pause_all")
            words = f"{both} resumes nothing that was flattened: choose it, then {one}"
            self._scene.log("warn", "", words)

    def endanger(self, action: Action, asset: str) -> None:
        """First press arms, the second sends; nothing without an asset where one is meant."""
        if action is Action.FLATTEN and not asset:
            return
        self._press(Danger(action, asset, self._keymap.shown(action.value)))

    def pace(self, factor: float) -> None:
        """A simulated session runs at half or twice its speed."""
        view = self._scene.account
        if view is not None:
            self._change("demo.speed", f"{view.speed:g}", f"{view.speed * factor:g}")

    def _is_on_its_way(self, asset: str) -> bool:
        """Whether a pause or resume of just this has no answer yet."""
        waiting = (one for one in self._scene.requests.values() if one.ack is None)
        return any(
            one.asset == asset and one.action in (Action.PAUSE, Action.RESUME) for one in waiting
        )

    def _pause(self, asset: str, action_id: str) -> None:
        """By a key at once."""
        if self.is_key:
            self._send(Action.PAUSE, asset)
        else:
            self._press(Danger(Action.PAUSE, asset, self._keymap.shown(action_id)))

    def _resumed_together(self) -> tuple[AssetView, ...]:
        views = self._scene.assets.values()
        return tuple(v for v in views if v.state is AssetState.PAUSED and not v.is_flattened)

    def _resume(self, views: Sequence[AssetView], asset: str, action_id: str) -> None:
        """At once; asked twice where a limit would be measured anew."""
        resets = [f"{view.asset.upper()} {said(one)}" for view in views for one in view.resets]
        if resets or not self.is_key:
            key = self._keymap.shown(action_id)
            self._press(Danger(Action.RESUME, asset, key, "; ".join(resets)))
        else:
            self._send_resume(asset)

    def _send_resume(self, asset: str) -> None:
        """One by one where not all of them are meant."""
        paused = self._resumed_together()
        if asset or len(paused) == len(self._scene.assets):
            self._send(Action.RESUME, asset)
            return
        for view in paused:
            self._send(Action.RESUME, view.asset)

    def _press(self, danger: Danger) -> None:
        self._fire(self.trigger.press(danger, self._clock(), is_key=self.is_key))

    def _fire(self, danger: Danger | None) -> None:
        if danger is not None and danger.action is Action.RESUME:
            self._send_resume(danger.asset)
        elif danger is not None:
            self._send(danger.action, danger.asset)
