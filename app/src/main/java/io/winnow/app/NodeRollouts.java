package io.winnow.app;

import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.serving.http.RolloutControl;
import org.jspecify.annotations.Nullable;

/** The rollouts of a node as HTTP changes them. Thread-safe. */
final class NodeRollouts implements RolloutControl {
  private static final String ACTOR = "person:http";

  private final Node node;

  NodeRollouts(Node node) {
    this.node = node;
  }

  @Override
  public Standing standing() {
    return node.standing();
  }

  @Override
  public Rollout start(String release, String reason) {
    return node.propose(release, Cause.of(ACTOR, reason));
  }

  @Override
  public Rollout cancel(String reason) {
    return node.cancel(Cause.of(ACTOR, reason));
  }

  @Override
  public ServingPlan rollback(@Nullable String to, String reason) {
    return node.rollback(to, Cause.of(ACTOR, reason));
  }
}
