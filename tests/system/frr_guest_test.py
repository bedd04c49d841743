#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR as the router in an emulated guest: it hears its routes by BGP, and frames are forwarded."""

import guest
from study import StudyTest, os, unittest

PLAN = """study: bgp
trials: 1
duration: 500ms
warmup: 0
settle: 300ms
interval: 100ms
void_retries: 0
networks: {west: {}, east: {}}
machines:
  router:
    links: [west, east]
    vcpus: 1
    memory: 512M
    appliance: {type: router, daemon: frr, routes: 10}
setups:
  Q: {platform: qemu, platform_options: {packages: "bird2,frr", accel: tcg}}
loads:
  - {type: flow, to: router, frames: yes, flows: 10, rate: 200, sizes: "300"}
limits: {loss: 50%}
generator: {drain: 10s, void_lateness: 10s, void_steal: 100%, void_wait: 100%,
            void_achieved: 1%, void_clock_step: 1h, void_pause: 1m}
"""


class FrrInAGuest(StudyTest):
    def test_routes_and_packets(self):
        guest.build_image("bird2", "frr")
        self.env["VAPERF_CACHE_DIR"] = guest.CACHE
        path = os.path.join(self.dir, "bgp.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(PLAN)
        self.vaperf("run", path, "-o", self.file)
        most = dict(self.query("SELECT metric, max(value) FROM series JOIN sample ON series ="
                               " series.id WHERE entity = 'router' GROUP BY series.id"))
        self.assertEqual(most["routes"], 10)
        self.assertGreater(most["route_load_ms"], 0)
        self.assertGreater(most["forwarded"], 0)
        received = self.query("SELECT value FROM result WHERE metric = 'flow_received'")
        self.assertGreater(received[0][0], 0)


if __name__ == "__main__":
    if os.geteuid() != 0:
        guest.skip_all("needs root for guests with links")
    unittest.main(verbosity=2)
