Why a resource is where it is: causes with their weight, strongest first.
$ holdfast configure primitive a ocf:test:Good ip=1
$ holdfast explain a
a:
  -INFINITY  this partition has no quorum
          0  fencing is enabled but no fence device is configured: nothing is started
          0  it is not managed: nothing is done to it
             change it: holdfast resource manage a
$ holdfast explain nothing
holdfast: there is nothing to explain of 'nothing': expected the id of a resource
[3]
