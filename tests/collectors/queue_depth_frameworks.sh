#!/bin/sh
# queue_depth, beside what each framework says of its own queues: real producers and real workers.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_npm.sh
. "$repository/tests/lib_npm.sh"

start_redis
export REDIS_PORT
export GATE="$work/gate" # jobs of workers wait for this file
export PYTHONPATH="$work"
rq_url=redis://127.0.0.1:$REDIS_PORT/2
cd "$work" || exit 1

# agree FRAMEWORK FILE: each line "METRIC{LABELS} VALUE" that the framework wrote is in the file that we wrote, to the letter;
# "since QUEUE UNIXTIME" is the oldest task's age, before the time of the run.
agree() {
	read_prom "$textfiles/queue_depth.prom"
	now=$(value 'arbitrage_queue_last_success_timestamp_seconds{target="t",env="paper"}')
	check "$1 said something" test -s "$2"
	while read -r what is at; do
		case $what in
		length | consumers)
			check "$1: $what of $is" in_prom \
				"arbitrage_queue_$what{target=\"t\",type=\"$1\",queue=\"$is\",env=\"paper\"}" "$at"
			;;
		since)
			age=$(value "arbitrage_queue_oldest_task_age_seconds{target=\"t\",type=\"$1\",queue=\"$is\",env=\"paper\"}")
			check "$1: the oldest of $is came in at $at (age $age at $now)" awk -v now="$now" -v age="${age:-none}" \
				-v at="$at" 'BEGIN { off = now - age - at; exit !(age != "none" && off < 0.002 && off > -0.002) }'
			;;
		*)
			check "$1: $what tasks of $is" in_prom \
				"arbitrage_queue_tasks{target=\"t\",type=\"$1\",queue=\"$is\",state=\"$what\",env=\"paper\"}" "$at"
			;;
		esac
	done <"$2"
}

### Celery

cat >app.py <<'END_OF_APP'
import os, time
from celery import Celery

app = Celery("app", broker="redis://127.0.0.1:%s/1" % os.environ["REDIS_PORT"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, broker_transport_options={"queue_order_strategy": "priority"},
                task_queue_max_priority=10)

@app.task
def work():
    while not os.path.exists(os.environ["GATE"]):
        time.sleep(0.05)
END_OF_APP
cat >celery_says.py <<'END_OF_APP'
import sys
from app import app, work

if sys.argv[1] == "send":
    for priority in 0, 0, 3, 5, 9:
        work.apply_async(priority=priority)
    work.apply_async(queue="mail")
with app.connection() as connection:
    channel = connection.default_channel
    for queue in "celery", "mail":
        print("length", queue, channel._size(queue))
    if sys.argv[1] == "busy":
        active = sum(map(len, (app.control.inspect(timeout=5, limit=1).active() or {}).values()))
        print("active * %d" % active)
        print("since * %.6f" % min(at for tag, at in channel.client.zrange("unacked_index", 0, -1, withscores=True)))
        sys.exit(active != 2)
END_OF_APP
celery_says() { "$PYTHON" celery_says.py "$1" >celery.said 2>>celery_says.log; }

### RQ

cat >jobs.py <<'END_OF_APP'
import os, time

def work():
    while not os.path.exists(os.environ["GATE"]):
        time.sleep(0.05)

def fail():
    raise ValueError("fails")
END_OF_APP
cat >rq_says.py <<'END_OF_APP'
import datetime, os, sys
from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.registry import DeferredJobRegistry, FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
import jobs

redis = Redis(port=int(os.environ["REDIS_PORT"]), db=2)
queues = [Queue(name, connection=redis) for name in ("default", "mail", "empty")]
default, mail, empty = queues
if sys.argv[1] == "send":
    default.enqueue(jobs.fail)
    default.enqueue(jobs.fail)
    SimpleWorker([default], connection=redis).work(burst=True)
    first = default.enqueue(jobs.work)
    for _ in range(3):
        default.enqueue(jobs.work)
    mail.enqueue(jobs.work)
    mail.enqueue_in(datetime.timedelta(hours=1), jobs.work)
    mail.enqueue(jobs.work, depends_on=first)
    empty.enqueue(jobs.work).cancel()
else:
    for queue in queues:
        print("length", queue.name, queue.count)
        print("active", queue.name, StartedJobRegistry(queue=queue).count)
        print("delayed", queue.name, ScheduledJobRegistry(queue=queue).count + DeferredJobRegistry(queue=queue).count)
        print("failed", queue.name, FailedJobRegistry(queue=queue).count)
        print("consumers", queue.name, sum(queue.name in worker.queue_names() for worker in Worker.all(connection=redis)))
        if queue.count:
            oldest = min(job.enqueued_at for job in queue.jobs)
            print("since", queue.name, oldest.replace(tzinfo=datetime.timezone.utc).timestamp())
    sys.exit(StartedJobRegistry(queue=default).count != 1)
END_OF_APP
rq_says() { "$PYTHON" rq_says.py "$1" >rq.said 2>>rq_says.log; }

### Sidekiq

cat >jobs.rb <<'END_OF_APP'
require "sidekiq"
require "sidekiq/api"

url = "redis://127.0.0.1:#{ENV["REDIS_PORT"]}/3"
Sidekiq.configure_server { |config| config.redis = { url: url } }
Sidekiq.configure_client { |config| config.redis = { url: url } }

class Work
  include Sidekiq::Worker
  def perform
    sleep 0.05 until File.exist?(ENV["GATE"])
  end
end

class Fails
  include Sidekiq::Worker
  sidekiq_options queue: "mail"
  sidekiq_retry_in { 3600 } # by default after 15 s, when both threads are busy: it would wait in the queue then
  def perform
    raise "fails"
  end
end
END_OF_APP
cat >sidekiq_says.rb <<'END_OF_APP'
require "./jobs"

Sidekiq.logger.level = Logger::WARN # it logs to where the figures go
case ARGV[0]
when "send"
  Fails.perform_async
  Work.set(queue: "mail").perform_in(3600)
  Sidekiq::DeadSet.new.kill(Sidekiq.dump_json("class" => "Work", "args" => [], "jid" => "1", "queue" => "mail"))
  4.times { Work.perform_async }
  2.times { Work.set(queue: "other").perform_async }
else
  processes = Sidekiq::ProcessSet.new.to_a
  Sidekiq::Queue.all.each do |queue|
    puts "length #{queue.name} #{queue.size}"
    puts "consumers #{queue.name} #{processes.sum { |p| p["queues"].include?(queue.name) ? p["concurrency"] : 0 }}"
    puts format("since %s %.6f", queue.name, queue.map { |job| job.item["enqueued_at"] }.min) if queue.size > 0
  end
  puts "active * #{processes.sum { |process| process["busy"] }}"
  puts "delayed * #{Sidekiq::ScheduledSet.new.size}"
  puts "retry * #{Sidekiq::RetrySet.new.size}"
  puts "failed * #{Sidekiq::DeadSet.new.size}"
  exit(processes.sum { |process| process["busy"] } == 2 && Sidekiq::RetrySet.new.size == 1)
end
END_OF_APP
sidekiq_says() { ruby sidekiq_says.rb "$1" >sidekiq.said 2>>sidekiq_says.log; }

### BullMQ

cat >bullmq_says.js <<'END_OF_APP'
const { Queue, Worker, FlowProducer } = require("bullmq");
const connection = { host: "127.0.0.1", port: Number(process.env.REDIS_PORT), db: 4 };

(async () => {
	const queue = new Queue("work", { connection }), paused = new Queue("paused", { connection });
	const failing = new Worker("work", async () => { throw new Error("fails"); }, { connection });
	const failed = new Promise((done) => failing.on("failed", done));
	await queue.add("job", {});
	await failed;
	await failing.close();
	const working = new Worker("work", async () => { await new Promise(() => {}); }, { connection });
	const active = new Promise((done) => working.on("active", done));
	await queue.add("job", {});
	await active;
	await queue.add("job", {}, { timestamp: Date.now() - 50000 });
	await queue.add("job", {});
	await queue.add("job", {}, { priority: 3, timestamp: Date.now() - 90000, jobId: "a name" });
	await queue.add("job", {}, { delay: 3600000 });
	await paused.pause();
	await paused.add("job", {});
	await new FlowProducer({ connection }).add({ name: "parent", queueName: "work",
		children: [{ name: "child", queueName: "paused" }] });
	for (const each of [queue, paused]) {
		const counts = await each.getJobCounts();
		const waiting = await each.getJobs(["waiting", "paused", "prioritized"]);
		console.log("length", each.name, counts.waiting + counts.prioritized + (counts.paused || 0));
		console.log("active", each.name, counts.active);
		console.log("delayed", each.name, counts.delayed + counts["waiting-children"]);
		console.log("failed", each.name, counts.failed);
		console.log("since", each.name, Math.min(...waiting.map((job) => job.timestamp)) / 1000);
	}
	process.exit();
})();
END_OF_APP
bullmq_says() { node bullmq_says.js >bullmq.said 2>>bullmq.log; }

### All of them: workers take their time to start, so that they start side by side

if "$PYTHON" -c 'import celery' 2>/dev/null; then
	check "Celery takes tasks" celery_says send
	run 0 "$BUILD/queue_depth" --target "t=redis://127.0.0.1:$REDIS_PORT/1" --queue 'celery:*'
	agree celery celery.said
	check "Celery: five tasks of all priorities" grep -qx 'length celery 5' celery.said
	check "Celery: nothing is unacknowledged" in_prom \
		'arbitrage_queue_tasks{target="t",type="celery",queue="*",state="active",env="paper"}' 0
	check "Celery: no message tells its age" in_prom \
		'arbitrage_queue_oldest_task_age_seconds{target="t",type="celery",queue="celery",env="paper"}' ''
	spawn celery "$PYTHON" -m celery -A app worker -Q celery -c 2 --without-mingle --without-gossip
else
	skip "Celery" "python3-celery is not there"
fi
if ruby -e 'require "sidekiq"' 2>/dev/null; then
	check "Sidekiq takes jobs" sidekiq_says send
	spawn sidekiq sidekiq -r ./jobs.rb -q mail -q default -c 2
else
	skip "Sidekiq" "ruby-sidekiq is not there"
fi
if "$PYTHON" -c 'import rq' 2>/dev/null; then
	check "RQ takes jobs" rq_says send
	spawn rq rq worker --url "$rq_url" default mail
else
	skip "RQ" "python3-rq is not there"
fi

if have_packages "$BUILD/npm-queues" bullmq@6.7.0 ioredis@6.0.0; then
	check "BullMQ takes jobs" bullmq_says
	run 0 "$BUILD/queue_depth" --target "t=redis://127.0.0.1:$REDIS_PORT/4" --queue 'bullmq:*'
	agree bullmq bullmq.said
	check "BullMQ: there is something in each state" grep -qx 'active work 1' bullmq.said
else
	skip "BullMQ" "$why_no_packages"
fi
if [ -e rq.log ]; then
	check "RQ: a job is under way" await 30 rq_says busy
	run 0 "$BUILD/queue_depth" --target "t=$rq_url" --queue 'rq:*'
	agree rq rq.said
	check "RQ: it was not all zeros" test "$(grep -c ' [1-9]' rq.said)" -ge 8
	for worker in $(redis-cli -p "$REDIS_PORT" -n 2 smembers rq:workers); do
		redis-cli -p "$REDIS_PORT" -n 2 del "$worker" >>rq.log
	done
	rq_says busy
	run 0 "$BUILD/queue_depth" --target "t=$rq_url" --queue 'rq:*'
	agree rq rq.said
	check "RQ: a worker whose key has expired counts no more" grep -qx 'consumers default 0' rq.said
fi
if [ -e celery.log ]; then
	check "Celery: two tasks are under way" await 30 celery_says busy
	run 0 "$BUILD/queue_depth" --target "t=redis://127.0.0.1:$REDIS_PORT/1" --queue 'celery:*'
	agree celery celery.said
	check "Celery: what workers tell each other is no queue" not grep -q 'pidbox\|celeryev' "$textfiles/queue_depth.prom"
fi
if [ -e sidekiq.log ]; then
	check "Sidekiq: two jobs are under way" await 60 sidekiq_says busy
	run 0 "$BUILD/queue_depth" --target "t=redis://127.0.0.1:$REDIS_PORT/3" --queue 'sidekiq:*'
	agree sidekiq sidekiq.said
	check "Sidekiq: two jobs wait" grep -qx 'length default 2' sidekiq.said
	check "Sidekiq: no worker takes from the third" grep -qx 'consumers other 0' sidekiq.said
fi

touch "$GATE"
finish
