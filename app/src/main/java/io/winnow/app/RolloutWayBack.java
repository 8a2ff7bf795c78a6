package io.winnow.app;

import io.winnow.benchmarks.rollout.RollbackLoad;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.serving.http.HttpConfig;
import io.winnow.serving.http.HttpServer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Goes back to the release before while users ask over HTTP, again and again: the order goes to the
 * registry as {@code winnow rollback} gives it, and the server finds it there.
 */
final class RolloutWayBack {
  private static final double RATE = 100;
  private static final int BEFORE = 300;
  private static final int AFTER = 300;
  private static final int WARM_UP = 500;

  private final RolloutBase base;
  private final ConsoleProgress progress;

  RolloutWayBack(RolloutBase base, ConsoleProgress progress) {
    this.base = base;
    this.progress = progress;
  }

  /**
   * What was seen.
   *
   * @param lastMs of each way back, from the order to the last answer of the release that was taken
   *     away
   * @param firstMs from the order to the first answer of the release before
   * @param orderMs how long the order itself took
   * @param requests of all of them together
   * @param failed how many had no answer
   * @param mixed slates whose impressions name two releases, or another than the answer does
   */
  record Result(
      List<Double> lastMs,
      List<Double> firstMs,
      List<Double> orderMs,
      long requests,
      long failed,
      long mixed) {}

  /** Goes back so many times. */
  Result run(int times) {
    List<Double> last = new ArrayList<>();
    List<Double> first = new ArrayList<>();
    List<Double> order = new ArrayList<>();
    long requests = 0;
    long failed = 0;
    long mixed = 0;
    try (LiveShop shop = base.open()) {
      Set<UserId> users = new LinkedHashSet<>();
      for (int visit = 0; visit < WARM_UP; visit++) {
        users.add(shop.visit().user());
      }
      shop.send();
      try (HttpServer server = serve(shop.node());
          Registry commands = registry(shop)) {
        RollbackLoad load = new RollbackLoad(server.uri(), RATE, List.copyOf(users));
        for (int time = 0; time < times; time++) {
          shop.node().promote(base.other(), PromotionGate.Promotion.AUDITED);
          long fromOffset = shop.node().log().endOffset();
          RollbackLoad.Result result = load.run(BEFORE, AFTER, () -> back(shop, commands));
          last.add(result.lastAnswerMs(base.other()));
          first.add(result.firstAnswerMs(base.champion()));
          order.add(result.orderNanos() / 1e6);
          requests += result.answers().size();
          failed += result.failed();
          mixed += mixed(shop.node(), fromOffset, result);
          progress.line(
              "rollback     %d of %d: order %.0f ms, first answer after %.0f ms, last of the other after %.0f ms"
                  .formatted(time + 1, times, order.getLast(), first.getLast(), last.getLast()));
        }
      }
    }
    return new Result(last, first, order, requests, failed, mixed);
  }

  private static HttpServer serve(Node node) {
    return node.serve(
        new HttpConfig(HttpConfig.DEFAULT.host(), 0, Map.of(), HttpConfig.Limits.DEFAULT),
        Map.of());
  }

  /** As another process has it. */
  private static Registry registry(LiveShop shop) {
    return Registries.open(
        shop.application().definition().operations().engines().registry(),
        shop.folder(),
        shop.clock());
  }

  private static void back(LiveShop shop, Registry commands) {
    PlanChanges.rollback(
        commands, shop.node().log().endOffset(), null, Cause.of("person:bench", "way back"));
  }

  private static long mixed(Node node, long fromOffset, RollbackLoad.Result result) {
    Map<String, Set<String>> releases = new HashMap<>();
    result.answers().stream()
        .filter(answer -> !answer.isFailed())
        .forEach(answer ->
            releases
                .computeIfAbsent(answer.requestId(), _ -> new LinkedHashSet<>())
                .add(answer.release()));
    node.log()
        .replay(
            fromOffset,
            node.log().endOffset(),
            (_, record) -> {
              Impression shown =
                  record instanceof LogRecord.Happened(Event event) ? event.impression() : null;
              if (shown != null) {
                releases
                    .computeIfAbsent(shown.requestId(), _ -> new LinkedHashSet<>())
                    .add(shown.provenance().release());
              }
            });
    return releases.values().stream().filter(names -> names.size() > 1).count();
  }
}
