package io.winnow.serving;

import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.RequestStages.Ranked;

/**
 * One place of a slate and what made it.
 *
 * @param index the item's index in the catalogue
 * @param arm of the experiments, as impressions name it
 * @param release whose stages put it there
 * @param ranked what it was ranked by
 */
record Shown(SlateItem item, int index, String arm, RequestStages release, Ranked ranked) {
  /** The same item at a place that a draft gave it. */
  Shown at(int position, double propensity, String drafted) {
    return new Shown(
        new SlateItem(
            item.item(), position, item.score(), propensity, item.source(), item.reason()),
        index,
        drafted,
        release,
        ranked);
  }
}
