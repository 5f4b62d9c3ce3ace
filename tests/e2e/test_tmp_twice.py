import time, signal
from e2e.harness import *
from e2e.test_crash import *
def test_x(world):
    world.workspace()
    world.sales(*(recipe(name) for name in NAMES))
    world.fault("hang", method="PUT", times=1)
    p = world.start("apply","--yes")
    until(lambda: writes(world,"/wave/asset"))
    t=time.time(); p.send_signal(signal.SIGINT); time.sleep(0.5); p.send_signal(signal.SIGINT)
    try: r=ended(p); print("took", time.time()-t, r)
    except Exception as e: print("E",e)
    assert 0
