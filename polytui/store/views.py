"""Views: what several tables say of one thing, so that nobody joins them twice."""

from __future__ import annotations

from polytui.model.effects import EXITS

_OF_EXITS = ", ".join(f"'{one}'" for one in sorted(reason.value for reason in EXITS))

TRADES_TOLD = f"""
CREATE VIEW trades_told AS
SELECT t.root, t.slug, t.strategy, t.number, t.session, t.asset, t.interval, t.outcome,
       t.opened_ns, t.closed_ns, t.settled_ns, t.entry_order_id, t.exit_order_id, t.shares,
       t.entry_px, t.exit_px, t.stake, t.fees, t.flow, t.payout, t.pnl, t.ended,
       CASE WHEN t.closed_ns IS NULL THEN 'open' WHEN t.pnl > 0 THEN 'win'
            WHEN t.pnl < 0 THEN 'loss' WHEN t.pnl = 0 THEN 'even' ELSE 'unknown' END AS result,
       CASE WHEN t.stake > 0 THEN t.pnl * 10000.0 / t.stake END AS pnl_bps,
       coalesce((l.send_us + l.ack_us) / 1000.0, (o.accepted_ns - o.placed_ns) / 1e6)
         AS latency_submit_ms,
       coalesce((l.send_us + l.fill_us) / 1000.0, (o.first_fill_ns - o.placed_ns) / 1e6)
         AS latency_fill_ms,
       o.consensus AS oracle_mid_open, o.mid AS polymarket_mid_open, o.confidence, o.edge_bps,
       o.fair AS fair_open, coalesce(r.strike, o.strike) AS strike, o.worth, o.rung,
       r.opens_ns, r.closes_ns, r.condition_id, r.winner,
       CASE WHEN x.order_id IS NULL OR t.closed_ns IS NULL THEN ''
         WHEN x.strategy <> t.strategy THEN x.strategy ELSE
         (SELECT s.reason FROM signals s
          WHERE s.slug = t.slug AND s.strategy = t.strategy AND s.session = x.session
            AND s.at_ns <= x.placed_ns AND s.reason IN ({_OF_EXITS})
          ORDER BY s.at_ns DESC, s.seq DESC, s.n DESC LIMIT 1) END
         AS exit_reason
FROM trades t
LEFT JOIN orders o ON o.root = t.root AND o.order_id = t.entry_order_id
LEFT JOIN orders x ON x.root = t.root AND x.order_id = t.exit_order_id
LEFT JOIN latency l ON l.root = t.root AND l.order_id = t.entry_order_id
LEFT JOIN rounds r ON r.root = t.root AND r.slug = t.slug
"""
VIEWS = (TRADES_TOLD,)
