// Package autoscale turns a measured capacity into an autoscaling target: the
// arithmetic in the open, the manifests that carry it into a cluster, and a
// simulation of how the autoscaler fares with them. It measures nothing and talks
// to no cluster. Where a figure would mislead it refuses and says why.
//
// The controller is that of Kubernetes 1.35, as its documentation describes it
// (https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/);
// where the documentation leaves a case open, such as the second on which a window
// ends, it does what the controller of kube-controller-manager does.
package autoscale
