import time


def test_x(services):
    t = time.time()
    services.redis.restart()
    services.postgresql.kill()
    services.postgresql.start()
    services.postgresql.wait_ready()
    services.rabbitmq.restart()
    print(time.time() - t)
