# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured: rounds of commands that leave the host as it was.

Ours and the peer's take turns, and who begins changes from round to round,
so that what else this machine does hits both alike.
"""

import machine

XL = "/usr/local/sbin/xl livepatch"
PEER = "/usr/lib/xen-4.17/bin/xen-livepatch"
FILE = "/extra/hello.livepatch"

# Label -> command.  The commands of a leg follow each other.
LEGS = [
    {"xl apply": f"{XL} apply {FILE}",
     "xl revert --unload": f"{XL} revert --unload hello"},
    {"peer load": f"{PEER} load {FILE}",
     "peer revert": f"{PEER} revert hello",
     "peer unload": f"{PEER} unload hello"},
    {"xl apply -j": f"{XL} apply -j {FILE}",
     "xl revert -j": f"{XL} revert -j hello",
     "xl unload -j": f"{XL} unload -j hello"},
    {"xl help": f"{XL} help",
     "xl list": f"{XL} list",
     "peer list": f"{PEER} list"},
]

# The library's own time, from the result that is printed.
CALLS = {"xl apply -j": "call apply", "xl revert -j": "call revert",
         "xl unload -j": "call unload"}

WARM_UP = 2             # rounds that are not counted: caches are cold
SECONDS_PER_COMMAND = 5 # far above what one takes


def plan(number):
    """(label, command) of all rounds."""
    steps = []
    for current in range(number):
        legs = LEGS if current % 2 else LEGS[::-1]
        for leg in legs:
            steps += leg.items()
    return steps


def measure(host, number):
    """{label: [microseconds, one for each round]}, and how many rounds were
    left out.  When the hypervisor was busy for the peer, which then fails, its
    time is no measure; ours tries again by itself, and that time counts."""
    steps = plan(WARM_UP + number)
    times = machine.run(host, [command for _, command in steps],
                        60 + SECONDS_PER_COMMAND * len(steps))
    samples, tries = {}, {}
    for (label, _), (took, tried) in zip(steps, times):
        samples.setdefault(label, []).append(took)
        tries.setdefault(label, []).append(tried)
    for label, call in CALLS.items():
        numbers = [index for index, step in enumerate(steps, 1) if step[0] == label]
        samples[call] = [result["duration_us"] for result in machine.outputs(host, numbers)]
    good = [index for index in range(WARM_UP, WARM_UP + number)
            if all(tried[index] == 1 for tried in tries.values())]
    if len(good) < number / 2:
        raise machine.HostError(f"{number - len(good)} of {number} rounds are worth nothing, as "
                                "a tool was told that the hypervisor is busy; try again when "
                                "this machine has less to do")
    return ({label: [values[index] for index in good] for label, values in samples.items()},
            number - len(good))
