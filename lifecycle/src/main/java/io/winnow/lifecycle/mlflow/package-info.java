/**
 * Releases in the layout of MLflow's file store, out and in: a run for each release with its
 * settings, metrics, tags and files, and a registered model whose versions and aliases name them.
 */
@NullMarked
package io.winnow.lifecycle.mlflow;

import org.jspecify.annotations.NullMarked;
